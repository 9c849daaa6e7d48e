"""What AWS's image for ground truth does: late labels are joined to the requests that were captured."""
