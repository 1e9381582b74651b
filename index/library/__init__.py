"""A library of articles: finding, opening, changing and asking them."""
