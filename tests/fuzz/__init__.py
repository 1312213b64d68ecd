"""A campaign of hostile inputs: whatever goes in, a sentence or a result comes out, in bounds.

``python -m tests.fuzz --minutes 5 --seed 0`` tries all groups, ``--group config`` one of them, and
``--one config:0:17`` a single input again, by group, seed and number, which make the same input
every time.
"""
