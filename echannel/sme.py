"""One SME's data in hand: profile, country pack, canonical tables, counted sales."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from echannel.countries import CountryPack, country_pack
from echannel.locale import Speaker
from echannel.metrics.turnover import Sales, prepare
from echannel.profiles import SmeProfile, load_cohort, load_sme
from echannel.store import SmeStore
from echannel.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from echannel.metrics.inventory import Inventory
    from echannel.metrics.inventory.forecast import Forecasts
    from echannel.metrics.planning.engine import Plan
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast
    from echannel.plans import PlanBasis


class Sme:
    """An SME as notebooks see it. Tables are read once, when first asked for."""

    def __init__(self, profile: SmeProfile, store: SmeStore, workspace: Workspace | None = None) -> None:
        self.profile = profile
        self.store = store
        self.workspace = workspace
        self.manifest = store.manifest()
        self._tables: dict[str, pd.DataFrame] = {}
        # What the pages of a process that is the SME's alone have computed; see ``hold``.
        self.memory: dict[tuple[Any, ...], Any] | None = None

    @property
    def pack(self) -> CountryPack:
        """The rules and terms of the SME's country."""
        return country_pack(self.profile.country, self.workspace)

    def speaker(self, language: str | None = None) -> Speaker:
        """Words for this SME in ``language`` (default: the SME's first language)."""
        own = self.profile
        return Speaker(language or own.languages[0], own.country, own.currency, self.workspace)

    def table(self, name: str) -> pd.DataFrame:
        """A canonical table as last synced; empty, with its columns, when there is none. It is read only."""
        if name not in self._tables:
            self._tables[name] = self.store.read(name, manifest=self.manifest)
        return self._tables[name]

    def describe(self, table: str = "", language: str = "") -> pd.DataFrame:
        """Help: the tables there are, or the columns of one, in words (see ``echannel.describing``)."""
        from echannel.describing import describe_columns, describe_tables

        say = self.speaker(language or None)
        return describe_columns(self, table, say) if table else describe_tables(self, say)

    @cached_property
    def sales(self) -> Sales:
        """Counted sales, refunds on their own day (see ``echannel.metrics.turnover``)."""
        return prepare(
            self.table("orders"),
            self.table("order_lines"),
            self.table("refunds"),
            self.table("products"),
            self.table("customers"),
            self.table("visits"),
            self.profile.currency,
            over=self._last_day_over,
        )

    @cached_property
    def inventory(self) -> Inventory:
        """The stock, its panels, and what is known of every product (see ``echannel.metrics.inventory``)."""
        from echannel.stock import inventory_of

        return inventory_of(self)

    @cached_property
    def inventory_forecasts(self) -> Forecasts:
        """Forecasts of every product, kept on disk until the tables change (see ``echannel.stock``)."""
        from echannel.stock import forecasts_of

        return forecasts_of(self)

    @cached_property
    def turnover_forecast(self) -> TurnoverForecast:
        """Monthly turnover to come, kept on disk until the tables change (see ``echannel.foresight``)."""
        from echannel.foresight import turnover_forecast_of

        return turnover_forecast_of(self)

    @cached_property
    def plan_basis(self) -> PlanBasis:
        """What the SME's plan is computed from, and what it assumes (see ``echannel.plans``)."""
        from echannel.plans import basis_of

        return basis_of(self)

    @cached_property
    def plan(self) -> Plan:
        """The SME's plan as its data and its profile have it."""
        from echannel.metrics.planning.engine import build_plan

        return build_plan(self.plan_basis.inputs, self.plan_basis.rules)

    @property
    def _last_day_over(self) -> int:
        """The SME's local day before the one on which its data came."""
        here = pd.Timestamp(self.manifest.synced).tz_convert(self.profile.timezone).tz_localize(None)
        return (here.normalize() - pd.Timestamp(0)).days - 1


_held: list[Sme] = []


def open_sme(sme_id: str, workspace: Workspace | None = None) -> Sme:
    """Open one SME by its id; raises ``UserError`` when it is unknown or was never synced.

    The one that this process holds (:func:`hold`) is handed out again while it is as it was.
    """
    where = workspace or find_workspace()
    profile = load_sme(where, sme_id)
    opened = Sme(profile, SmeStore(where.store / profile.id), where)
    for one in _held:
        same = (one.workspace, one.profile, one.manifest) == (where, profile, opened.manifest)
        if same:
            return one
    return opened


def hold(sme_id: str, workspace: Workspace) -> Sme:
    """Open one SME for all that this process does from now on: tables and results are in hand once made.

    For a process that serves one SME alone, and pages that do not change what they are given.
    """
    _held[:] = []
    opened = open_sme(sme_id, workspace)
    opened.memory = {}
    _held.append(opened)
    return opened


def open_cohort(cohort_id: str, workspace: Workspace | None = None) -> dict[str, Sme]:
    """Open every SME of a cohort, by id, in the order of its groups; errors as in :func:`open_sme`."""
    where = workspace or find_workspace()
    return {sme_id: open_sme(sme_id, where) for sme_id in load_cohort(where, cohort_id).smes}
