"""The exercises: derive a gradient, write it down, have it judged, and be told what is wrong with it.

``format`` says what an exercise is, ``course`` has those in the paper's order, ``child``, ``wire`` and
``apart`` run a student's function in a process of its own, ``judge`` has the verdict, and ``hints`` counts.
"""
