"""PDF: glyphs on pages, read as the paragraphs, headings, tables and notes that they were set from.

``glyphs`` has the words and where they stand, ``rows`` puts them beside each other, ``margins`` takes off
what repeats around the pages, ``columns`` finds the order of reading, ``grids`` the tables, ``paragraphs``
joins lines again, and ``document`` has it all done.
"""
