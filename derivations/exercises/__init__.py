"""The exercises: derive a gradient, write it in NumPy, have it checked, and read what is wrong with it.

``format`` describes the file of an exercise, ``course`` has those in the paper's order, and ``check``
checks an answer, which runs in a process of its own.
"""
