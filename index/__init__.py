"""Articles in, cited answers out. Synchronous, and knows nothing of Discord.

The public names are in ``__init__.pyi``, each with the module that it is from. A module is imported when the
first of its names is used: the process that reads what strangers wrote starts for each source, and has no use
for the models.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
