"""The states of documents, written down a second time: from docs/formats.md
("Statuses", "Journal entries") and not from the C.  It knows nothing of
signatures, journals or files; it says which act is refused, and what each
version is after each act.
"""
import copy

DRAFT = "draft"
PART = "signed in part"
FORCE = "in force"
SUPERSEDED = "superseded"
WITHDRAWN = "withdrawn"
TERMINATED = "terminated"
LAPSED = "lapsed"

# Why an act is refused; the command's exit status follows from it.
NOT_ALLOWED = "not allowed"
NOT_THERE = "not there"
CONFLICT = "conflict"


class Signature:
    def __init__(self, act, person, party):
        self.act, self.person, self.party = act, person, party
        self.replaced = False


class Version:
    def __init__(self, number, person, office):
        self.number, self.person, self.office = number, person, office
        self.status = DRAFT
        self.signatures = []

    def alone(self):
        """What a copy says that tells nothing of other versions."""
        if self.status == SUPERSEDED:
            return FORCE
        if self.status in (WITHDRAWN, LAPSED):
            return PART if self.signatures else DRAFT
        return self.status

    def live(self, act):
        return [s for s in self.signatures if s.act == act and not s.replaced]


class Policy:
    """quorum[type][act][party]: how many persons; act: sign, terminate."""

    def __init__(self, offices, deposit, read, powers, quorum):
        self.offices = offices  # office: party
        self.deposit = deposit  # type: offices
        self.read = read        # type: offices
        self.powers = powers    # type: persons
        self.quorum = quorum

    def met(self, kind, act, signatures):
        return all(
            len({s.person for s in signatures if s.party == party}) >= least
            for party, least in self.quorum[kind][act].items())


class Document:
    def __init__(self, name):
        self.name = name
        self.kind = name.split("/")[0]
        self.versions = []
        self.acts = 0

    def status(self):
        if any(v.status == TERMINATED for v in self.versions):
            return TERMINATED
        return self.versions[-1].status

    def newest(self):
        return self.versions[-1] if self.versions else None

    def in_force(self):
        """The one that is in force, or ended so."""
        for version in reversed(self.versions):
            if version.status in (FORCE, TERMINATED):
                return version
        return None

    def others(self, party):
        """Who of another party would lose the signing of the newest."""
        newest = self.newest()
        if newest is None or newest.status != PART:
            return []
        return [s for s in newest.live("sign") if s.party != party]

    # Each: the reasons against it.  None: it is done if act() is called.

    def against_deposit(self, policy, office, number, onto):
        why = set()
        if office not in policy.deposit[self.kind]:
            why.add(NOT_ALLOWED)
        if number != len(self.versions) + 1:
            why.add(CONFLICT)
        elif self.versions:
            if self.status() == TERMINATED:
                why.add(CONFLICT)
            if self.others(policy.offices[office]) and onto != number - 1:
                why.add(CONFLICT)
        return why

    def deposit(self, office, person):
        newest = self.newest()
        if newest is not None and newest.status in (DRAFT, PART):
            newest.status = WITHDRAWN
        self.versions.append(Version(len(self.versions) + 1, person, office))
        self.acts += 1

    def _again(self, policy, version, act, person):
        """One who signed may sign again where that makes the quorum."""
        live = version.live(act)
        if not any(s.person == person for s in live):
            return True
        return policy.met(self.kind, act, live)

    def against_sign(self, policy, office, person, number):
        why = set()
        if office not in policy.read[self.kind]:
            why |= {NOT_ALLOWED, NOT_THERE}
        if person not in policy.powers[self.kind]:
            why.add(NOT_ALLOWED)
        if not 1 <= number <= len(self.versions):
            why.add(NOT_THERE)
            return why
        version = self.versions[number - 1]
        if version is not self.newest() or self.status() == TERMINATED:
            why.add(CONFLICT)
        if any(s.person == person for s in version.live("sign")) and (
                version.status != PART
                or not self._again(policy, version, "sign", person)):
            why.add(CONFLICT)
        return why

    def _add(self, version, act, policy, office, person):
        for old in version.signatures:
            if old.act == act and old.person == person:
                old.replaced = True
        version.signatures.append(
            Signature(act, person, policy.offices[office]))
        self.acts += 1

    def sign(self, policy, office, person, number):
        version = self.versions[number - 1]
        self._add(version, "sign", policy, office, person)
        if version.status == FORCE:
            return
        version.status = PART
        if policy.met(self.kind, "sign", version.live("sign")):
            for other in self.versions:
                if other.status == FORCE:
                    other.status = SUPERSEDED
            version.status = FORCE
            self.acts += 1

    def against_terminate(self, policy, office, person):
        why = set()
        if office not in policy.read[self.kind]:
            why |= {NOT_ALLOWED, NOT_THERE, CONFLICT}
        if person not in policy.powers[self.kind]:
            why.add(NOT_ALLOWED)
        if not self.versions:
            return why | {NOT_THERE, CONFLICT}
        version = self.in_force()
        if version is None or version.status == TERMINATED:
            why.add(CONFLICT)
        elif not self._again(policy, version, "terminate", person):
            why.add(CONFLICT)
        return why

    def terminate(self, policy, office, person):
        version = self.in_force()
        self._add(version, "terminate", policy, office, person)
        if policy.met(self.kind, "terminate", version.live("terminate")):
            version.status = TERMINATED
            self.acts += 1
            newest = self.newest()
            if newest.status in (DRAFT, PART):
                newest.status = LAPSED

    def begun(self):
        version = self.in_force()
        return version is not None and bool(version.live("terminate"))

    def copy(self):
        return copy.deepcopy(self)
