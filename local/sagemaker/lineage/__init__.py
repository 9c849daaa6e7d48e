"""Where things come from: artifacts, actions, contexts, what associates them, and queries over all of it."""
