#!/usr/bin/env python3
"""Compare what valise and the second verifier say of copies.

    compare.py VALISE STATE-FOLDER WORK [--mutations N] [--forged N --pki FOLDER] [--seed SEED]
               [--keep FOLDER] FILE...

STATE-FOLDER is STATE/KEYID; WORK is made.  With --mutations the copies are judged as
acts of a journal of our own, so that what its receipts say can be changed too.  With
--forged others are made from nothing, with the keys in the PKI's folder, in a journal
whose policies and keys changed; with --revoked its CAs revoke some of them.  With --witnessed both are told to want witnesses.
Prints a line for each difference; exit 1 if there is one.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import forge
import mutate
import policies
import revoked
import verify

# What an office has beyond that with which formats.md judges a copy alone.
MORE = ('acts', 'proved', 'checkpoint', 'clock', 'unsettled', 'lock', 'audit', 'keys')


def state_with(folder, work, journal=None):
    """A state folder for copies alone, perhaps with another journal's key; its configuration."""
    key = journal.id.hex() if journal else os.path.basename(folder)
    new = os.path.join(work, 'state', key)
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder, new)
    for name in MORE[:-1] if not journal else MORE:
        path = os.path.join(new, name)
        shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.unlink(path)
    enrolment = os.path.join(new, 'enrolment.yaml')
    with open(enrolment) as f:
        rows = f.read().split('\n')
    if journal:
        rows = ['journal: "%s"' % journal.vkey if r.startswith('journal:') else r for r in rows]
        with open(enrolment, 'w') as f:
            f.write('\n'.join(rows))
    vkey = next(r for r in rows if r.startswith('journal:')).split('"')[1]
    config = os.path.join(work, 'config.yaml')
    with open(config, 'w') as f:
        f.write('valise: 1\njournal: "%s"\ncertificate: cert.pem\nkey: none.pem\nstate: state\n' % key)
    return new, config, vkey.split('+')[0]


def ours(valise, config, paths, more=()):
    out = []
    for at in range(0, len(paths), 50):
        run = subprocess.run([valise, '--config', config, '--json', 'verify', *more] + paths[at:at + 50], capture_output=True, text=True)
        rows = [json.loads(r) for r in run.stdout.splitlines()]
        if len(rows) != len(paths[at:at + 50]):
            sys.exit('valise says %d lines of %d files: %s' % (len(rows), len(paths[at:at + 50]), run.stderr[-400:]))
        out += rows
    return out


def differences(first, second):
    """What differs, in words; nothing of what formats.md does not fix."""
    codes = [f['code'] for f in first['findings']]
    if second['damaged'] and 'CONTAINER_MALFORMED' not in second['codes'] + codes:
        return []
    if second['damaged'] != ('CONTAINER_MALFORMED' in codes):
        yield 'it is %sdamaged' % ('' if second['damaged'] else 'not ')
    other = 'NOT_A_DOCUMENT' in codes, 'NOT_A_DOCUMENT' in second['codes']
    if any(other):
        # Which members of a damaged ZIP are found is not fixed.
        if (not all(other) and not second['damaged']) or first['outcome'] == 'VALID':
            yield 'it is %sa document' % ('not ' if other[0] else '')
        return
    if first['outcome'] != second['outcome']:
        yield 'outcome %s, not %s' % (first['outcome'], second['outcome'])
    if second['damaged']:
        return
    if first['status'] != second['status']:
        yield 'status "%s", not "%s"' % (first['status'], second['status'])
    if codes != second['codes']:
        yield 'codes %s, not %s' % (' '.join(codes), ' '.join(second['codes']))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('valise')
    parser.add_argument('state')
    parser.add_argument('work')
    parser.add_argument('files', nargs='+')
    parser.add_argument('--mutations', type=int, default=0)
    parser.add_argument('--forged', type=int, default=0)
    parser.add_argument('--pki')
    parser.add_argument('--revoked', action='store_true')
    parser.add_argument('--witnessed', action='store_true')
    parser.add_argument('--seed', default='1')
    parser.add_argument('--keep')
    args = parser.parse_args()
    folder, config, origin = state_with(args.state, args.work)
    copies, names, witnessed = [(os.path.basename(p), open(p, 'rb').read()) for p in args.files], [], args.witnessed
    if args.mutations:
        journal = mutate.Journal(origin)
        folder, config, _ = state_with(args.state, args.work, journal)
        copies = [(n, mutate.pack(mutate.with_acts(f, mutate.acts_of(f), journal))) for n, f in
                  ((n, mutate.unpack(d)) for n, d in copies)]
        made = list(mutate.mutations(copies, args.seed, args.mutations, journal))
    elif args.forged:
        journal, now = policies.Journal(origin), int(time.time()) + 4 * 86400
        folder, config, _ = state_with(args.state, args.work, journal)
        office = verify.Office(folder)
        newest = os.path.join(folder, 'policies', [e[1] for e in office.entries if e[2]][-1] + '.zip')
        life = policies.Life(args.valise, verify.unzip(newest), journal, args.seed, now)
        life.write(folder, journal)
        history = None
        if args.revoked:
            history = revoked.History(args.pki, args.seed, forge.people(args.pki), life, now)
            history.write(folder, life)
        world = forge.World(args.pki, office, life, journal, history)
        copies, made = [], list(forge.forgeries(world, args.seed, args.forged, now))
    else:
        made = []
    names, copies = ['%s: as it is' % n for n, _ in copies] + [n for n, _ in made], copies + made
    paths = []
    for num, (_, data) in enumerate(copies):
        paths.append(os.path.join(args.work, '%d.asice' % num))
        with open(paths[-1], 'wb') as f:
            f.write(data)
    office, wrong, seen = verify.Office(folder), 0, {}
    firsts = ours(args.valise, config, paths, ['--witnessed'] if witnessed else [])
    for name, path, (_, data), first in zip(names, paths, copies, firsts):
        second = verify.verify(office, data, witnessed)
        said = list(differences(first, second))
        for code in second['codes'] or [second['status']]:
            seen[code] = seen.get(code, 0) + 1
        for text in said:
            print('%s: valise says: %s' % (name, text))
        if said and args.keep:
            os.makedirs(args.keep, exist_ok=True)
            shutil.copy(path, args.keep)
        wrong += bool(said)
    print('%d copies, seed %s: %d differ; told: %s' % (
        len(copies), args.seed, wrong, ', '.join('%s %d' % i for i in sorted(seen.items()))))
    sys.exit(wrong > 0)


if __name__ == '__main__':
    main()
