#!/bin/sh
# Each file of a list gets its own verdict, whatever the others are, and a
# deposit of a bad file is refused with the reason.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
at iom-geneva fetch agreement/one -o work/good.asice >/dev/null

# As our own, but that each member in turn is empty, and with too many of a kind.
mkdir bad
cat >work/make.py <<'END'
import struct, sys, zipfile

def write(name, members):
    with zipfile.ZipFile(name, 'w') as out:
        for path, data in members:
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 0, 1
            out.writestr(info, data)
    data = bytearray(open(name, 'rb').read())
    end = data.rfind(b'PK\5\6')
    number, at = struct.unpack('<H', data[end + 10:end + 12])[0], struct.unpack('<I', data[end + 16:end + 20])[0]
    for _ in range(number): # zipfile writes no attributes of 0
        data[at + 38:at + 42] = bytes(4)
        at += 46 + sum(struct.unpack('<HHH', data[at + 28:at + 34]))
    open(name, 'wb').write(data)

good = zipfile.ZipFile('work/good.asice')
members = [(i.filename, good.read(i)) for i in good.infolist()]
write('work/same.asice', members)
for n, (empty, _) in enumerate(members):
    write('bad/%d.asice' % n, [(path, b'' if path == empty else data) for path, data in members])
receipt = next(data for path, data in members if 'receipt' in path)
write('bad/receipts.asice', members + [('META-INF/receipt-%d.tlog-proof' % n, receipt) for n in range(1000, 1300)])
signature = dict(members)['META-INF/signature-origin.p7s']
write('bad/signatures.asice', members + [('META-INF/signature-%032x.p7s' % n, signature) for n in range(70)])
write('work/deposit.asice', [(path, b'' if 'Manifest-origin' in path else data.replace(b'agreement/one', b'agreement/two') if path == 'version.yaml' else data)
                             for path, data in members if 'seal' not in path and 'receipt' not in path])
END
check "they are made" python3 work/make.py
expect "written so, an unaltered copy is valid" 0 "VALID" at mofa verify work/same.asice
number=$(ls bad | wc -l)
at mofa verify work/good.asice bad/* work/same.asice >work/told 2>/dev/null; got=$?
[ $got = 1 ] && ok "the list ends with 1" || not_ok "the list ends with $got"
[ "$(grep -c '^bad/.*: INVALID' work/told)" = "$number" ] && ok "each bad one has its verdict" || { not_ok "each bad one has its verdict"; cat work/told >&2; }
grep -q '^work/same.asice: VALID' work/told && ok "so has the good one behind them" || not_ok "so has the good one behind them"
grep -q 'MANIFEST_BROKEN: META-INF/ASiCManifest-origin.xml' work/told && ok "an empty manifest is told" || not_ok "an empty manifest is told"
expect "too many receipts are told with the limit" 1 "OVER_LIMIT: .*more than 256 receipts" at mofa verify bad/receipts.asice
expect "and too many signatures" 1 "OVER_LIMIT: .*64" at mofa verify bad/signatures.asice
at mofa --json verify bad/* work/same.asice >work/told 2>/dev/null
[ "$(wc -l <work/told)" = $((number + 1)) ] && ok "and in JSON a line for each" || not_ok "and in JSON a line for each"
expect "one that is not there ends with 4" 4 "no such file" at mofa verify work/good.asice work/none
grep -q '^work/good.asice: VALID' work/out && ok "after the others" || not_ok "after the others"
expect "with 1, where another is not valid" 1 "INVALID" at mofa verify bad/1.asice work/none
mkdir work/bare
expect "and where another has nothing to read" 1 "work/bare: no file in it is called" at mofa verify bad/1.asice work/bare work/none
expect "which alone ends with 4, after the others" 4 "work/good.asice: VALID" at mofa verify work/bare work/good.asice
put() { curl_as mofa /v1/documents/agreement/two/versions/1 -X PUT --data-binary "@$1"; }
expect "to deposit an empty manifest is refused" 0 '"status":422.*MANIFEST_BROKEN' put work/deposit.asice
for file in bad/*; do
	expect "to deposit $file is no failure of the daemon" 0 '"status":4' put "$file"
done
finish
