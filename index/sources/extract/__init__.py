"""What strangers wrote -> an article: all that looks at their bytes, for a process of its own to run.

Files of strangers can make a parser take hours and gigabytes. ``index.sources.sandbox`` starts a process
whose time and memory are bounded, and that process (``__main__``) runs what is in this room. It imports
nothing heavy of the package, and each parser only when a file needs it, so that it is up in a tenth of a
second.

Nothing is written to disk, no address that a file names is opened, no entity that it declares is expanded.

A format has a module with a function that takes the file's bytes and gives an ``Article``; ``sniff`` tells
it, and ``formats`` calls it.
"""
