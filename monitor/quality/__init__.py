"""Model quality: answers joined with labels that came later, and how well they agree, against limits or a baseline."""
