"""Training, one step at a time: every number, and where it comes from.

settings     the settings, checked
text         sentences, vocabulary, and the steps of an epoch
instrument   a verified function with all its quantities and their lines of source
losses       one step, computed by the verified functions of ``derivations``
quantities   names, shapes, equations and recipes, from the tables common, softmax, negative and hs
recipes      how a number is written out
trajectory   states in any order, in a bounded memory
addresses    (epoch, word, stage), and the addresses next to it
windows      which rows and columns are shown
plane        the word vectors in the plane, by PCA
frames       a step as plain data
describe     the text beside a number
reference    a step compared with JAX, and the verification results of its equations
stepper      ``Stepper``, which combines these
"""

from w2v.stepper.addresses import Address
from w2v.stepper.settings import StepSettings, WrongSettingError
from w2v.stepper.stepper import Stepper

__all__ = ["Address", "StepSettings", "Stepper", "WrongSettingError"]
