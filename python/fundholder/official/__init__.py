"""Readers of the files that the NHS in England publishes, checked and with this package's names.

>>> from fundholder import official

:func:`read_patients`, :func:`read_patients_by_age`, :func:`read_patients_by_lsoa` and
:func:`read_practice_map` read "Patients Registered at a GP Practice"; :func:`read_practices` the
register of practices; :func:`read_qof_prevalence` registers of conditions;
:func:`read_pcn_members` the memberships of primary care networks;
:func:`read_imd` the Index of Multiple Deprivation; :func:`read_icb_allocations` and
:func:`read_weighted_populations` the allocations to ICBs and the needs behind them. Files are as
they were published, CSV (also gzipped) or Excel; nothing is downloaded. A file that is not what it
should be is rejected with everything that is wrong with it. Money is in £.
"""

from ._allocations import read_icb_allocations
from ._deprivation import read_imd
from ._patients import read_patients
from ._patients_by_age import read_patients_by_age
from ._patients_by_lsoa import read_patients_by_lsoa
from ._practice_areas import read_pcn_members, read_practice_map
from ._practices import read_practices
from ._prevalence import read_qof_prevalence
from ._weighted import read_weighted_populations

__all__ = [
    "read_icb_allocations",
    "read_imd",
    "read_patients",
    "read_patients_by_age",
    "read_patients_by_lsoa",
    "read_pcn_members",
    "read_practice_map",
    "read_practices",
    "read_qof_prevalence",
    "read_weighted_populations",
]
