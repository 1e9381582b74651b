"""A question and an index in, a cited answer out."""
