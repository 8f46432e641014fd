"""Training, one step at a time: every number of it, and where each comes from.

    settings     what a walk can be told, checked
    text         sentences, vocabulary, and the steps of an epoch
    lines        a verified function laid open: its quantities and their own lines of source
    losses       one step computed, by the verified functions of ``derivations``
    quantities   names, shapes, equations and recipes, from the tables softmax, negative and hs
    recipes      how a number is written out
    trajectory   states in any order, in a bounded memory
    addresses    (epoch, word, stage), and where one can go from there
    windows      which rows and columns fit a screen
    plane        the word vectors in the plane, by PCA
    frames       a step as plain data
    describe     what is said beside a number
    referee      the badge of a step, and the verdicts on its equations
    stepper      ``Stepper``, which is all of it

It draws nothing and differentiates nothing.
"""

from w2v.stepper.addresses import Address
from w2v.stepper.settings import StepSettings, WrongSettingError
from w2v.stepper.stepper import Stepper

__all__ = ["Address", "StepSettings", "Stepper", "WrongSettingError"]
