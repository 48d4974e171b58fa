"""From the rows of batch status to the verdict."""
