"""The operations of the `cloudformation` family, from request to answer."""
