"""The questions of the queries bench. To add one: put a `Question` in the list of a module here."""

from catalogue.base import CSV, GROUPS, JSON, PREFIXES, TRIPLES, Question
from catalogue.joins import JOINS
from catalogue.special import SPECIAL
from catalogue.stewards import STEWARDS
from catalogue.twenty import TWENTY
from catalogue.values import VALUES

# In the order of the tables.
ALL = [*TWENTY, *JOINS, *VALUES, *STEWARDS, *SPECIAL]
