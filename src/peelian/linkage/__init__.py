"""Linkage: which records are one and the same person, organisation, address, vehicle or phone, and why.

A method about records, never about risk: it proposes pairs with their weight taken apart, a person decides, and no
forecast can import it. Also here: opening the links around a record outward, for the link chart.
"""

from peelian.linkage.chart import Chart, ChartLink, ChartNode, LinksOf, Opening, open_outward
from peelian.linkage.groups import Groups, group
from peelian.linkage.link import propose
from peelian.linkage.proposals import Decisions, Part, Proposal, Proposals
from peelian.linkage.records import COLUMNS, EntityType, LinkageRecords, records_of
from peelian.linkage.settings import LinkageSettings

__all__ = [
    "COLUMNS",
    "Chart",
    "ChartLink",
    "ChartNode",
    "Decisions",
    "EntityType",
    "Groups",
    "LinkageRecords",
    "LinkageSettings",
    "LinksOf",
    "Opening",
    "Part",
    "Proposal",
    "Proposals",
    "group",
    "open_outward",
    "propose",
    "records_of",
]
