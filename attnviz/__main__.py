"""``python -m attnviz`` is the program ``attnviz``."""

from attnviz.cli import main

main()
