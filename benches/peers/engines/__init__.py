"""The engines, each with what running it needs. To add one: write a module with a class and name it here."""

from engines.jena import Jena
from engines.oslo import Oslo
from engines.oxigraph import Oxigraph
from engines.virtuoso import Virtuoso

# In the order of the table; the first is the one the ratios are of.
ALL = {"oslo": Oslo, "oxigraph": Oxigraph, "virtuoso": Virtuoso, "jena": Jena}
