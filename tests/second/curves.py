"""Signatures by arithmetic alone: ECDSA on P-256 and P-384, Ed25519, RSA.

Only verification, and slow; the answers are kept by what was asked.
"""
import functools
import hashlib

P256 = dict(
    p=0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff,
    b=0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
    n=0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    g=(0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
       0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5))
P384 = dict(
    p=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef,
    n=0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973,
    g=(0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7,
       0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f))
CURVES = {'1.2.840.10045.3.1.7': P256, '1.3.132.0.34': P384}


def double(c, point):
    x, y, z = point
    p = c['p']
    if not y or not z:
        return (1, 1, 0)
    yy = y * y % p
    s = 4 * x * yy % p
    zz = z * z % p
    m = 3 * (x - zz) * (x + zz) % p
    nx = (m * m - 2 * s) % p
    return (nx, (m * (s - nx) - 8 * yy * yy) % p, 2 * y * z % p)


def add(c, a, b):
    p = c['p']
    if not a[2]:
        return b
    if not b[2]:
        return a
    za, zb = a[2] * a[2] % p, b[2] * b[2] % p
    ua, ub = a[0] * zb % p, b[0] * za % p
    sa, sb = a[1] * zb * b[2] % p, b[1] * za * a[2] % p
    if ua == ub:
        return double(c, a) if sa == sb else (1, 1, 0)
    h, r = (ub - ua) % p, (sb - sa) % p
    hh = h * h % p
    hhh, v = h * hh % p, ua * hh % p
    x = (r * r - hhh - 2 * v) % p
    return (x, (r * (v - x) - sa * hhh) % p, h * a[2] * b[2] % p)


def point_of(c, data):
    """A point as in a key: 04 X Y (or compressed), on the curve; else None."""
    size = (c['p'].bit_length() + 7) // 8
    if len(data) == 2 * size + 1 and data[0] == 4:
        x, y = int.from_bytes(data[1:size + 1], 'big'), int.from_bytes(data[size + 1:], 'big')
    elif len(data) == size + 1 and data[0] in (2, 3):
        x = int.from_bytes(data[1:], 'big')
        y = pow(x * x * x - 3 * x + c['b'], (c['p'] + 1) // 4, c['p'])
        if y & 1 != data[0] & 1:
            y = c['p'] - y
    else:
        return None
    if x >= c['p'] or y >= c['p'] or (y * y - x * x * x + 3 * x - c['b']) % c['p']:
        return None
    return (x, y)


@functools.lru_cache(maxsize=None)
def ecdsa(curve, key, digest, r, s):
    c = CURVES[curve]
    n, p = c['n'], c['p']
    q = point_of(c, key)
    if q is None or not 0 < r < n or not 0 < s < n:
        return False
    e = int.from_bytes(digest, 'big') >> max(0, 8 * len(digest) - n.bit_length())
    w = pow(s, -1, n)
    u, v = e * w % n, r * w % n
    g, q = (*c['g'], 1), (*q, 1)
    both, total = add(c, g, q), (1, 1, 0)
    for bit in range(n.bit_length(), -1, -1):
        total = double(c, total)
        one, two = u >> bit & 1, v >> bit & 1
        if one or two:
            total = add(c, total, both if one and two else g if one else q)
    if not total[2]:
        return False
    return total[0] * pow(total[2], -2, p) % p % n == r


def mgf(seed, size, name):
    out, num = b'', 0
    while len(out) < size:
        out += hashlib.new(name, seed + num.to_bytes(4, 'big')).digest()
        num += 1
    return out[:size]


DIGEST_INFO = {'sha256': '3031300d060960864801650304020105000420',
               'sha384': '3041300d060960864801650304020205000430',
               'sha512': '3051300d060960864801650304020305000440'}


def rsa(n, e, name, digest, value, pss):
    size = (n.bit_length() + 7) // 8
    number = int.from_bytes(value, 'big')
    if len(value) != size or number >= n:
        return False
    if not pss:
        tail = b'\0' + bytes.fromhex(DIGEST_INFO[name]) + digest
        return pow(number, e, n).to_bytes(size, 'big') == b'\0\1' + b'\xff' * (size - 2 - len(tail)) + tail
    bits = n.bit_length() - 1
    number = pow(number, e, n)
    if number >> (8 * ((bits + 7) // 8)):
        return False
    em, h = number.to_bytes((bits + 7) // 8, 'big'), len(digest)
    masked, hashed = em[:-h - 1], em[-h - 1:-1]
    spare = 8 * len(em) - bits
    if em[-1] != 0xbc or masked[0] >> (8 - spare) & (2 ** spare - 1 if spare else 0):
        return False
    db = bytes(a ^ b for a, b in zip(masked, mgf(hashed, len(masked), name)))
    db = bytes([db[0] & 0xff >> spare]) + db[1:]
    if db[:-h] != b'\0' * (len(db) - h - 1) + b'\1':
        return False
    return hashlib.new(name, b'\0' * 8 + digest + db[-h:]).digest() == hashed


def rsa_sign(primes, name, digest, pss):
    """primes: p, q, d mod p-1, d mod q-1, the inverse of q mod p."""
    p, q, dp, dq, inverse = primes
    n = p * q
    size = (n.bit_length() + 7) // 8

    def power(data):
        number = int.from_bytes(data, 'big')
        first, second = pow(number, dp, p), pow(number, dq, q)
        return (second + (first - second) * inverse % p * q).to_bytes(size, 'big')
    if not pss:
        tail = b'\0' + bytes.fromhex(DIGEST_INFO[name]) + digest
        return power(b'\0\1' + b'\xff' * (size - 2 - len(tail)) + tail)
    bits, salt = n.bit_length() - 1, hashlib.new(name, digest).digest()
    hashed = hashlib.new(name, b'\0' * 8 + digest + salt).digest()
    length = (bits + 7) // 8 - len(hashed) - 1
    db = b'\0' * (length - len(salt) - 1) + b'\1' + salt
    db = bytes(a ^ b for a, b in zip(db, mgf(hashed, length, name)))
    spare = 8 * ((bits + 7) // 8) - bits
    return power(bytes([db[0] & 0xff >> spare]) + db[1:] + hashed + b'\xbc')


# Ed25519 (RFC 8032)
ED_P = 2 ** 255 - 19
ED_D = -121665 * pow(121666, -1, ED_P) % ED_P
ED_L = 2 ** 252 + 27742317777372353535851937790883648493


def ed_point(data):
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (2 ** 255 - 1)
    if y >= ED_P:
        return None
    xx = (y * y - 1) * pow(ED_D * y * y + 1, -1, ED_P) % ED_P
    x = pow(xx, (ED_P + 3) // 8, ED_P)
    if (x * x - xx) % ED_P:
        x = x * pow(2, (ED_P - 1) // 4, ED_P) % ED_P
    if (x * x - xx) % ED_P or (not x and sign):
        return None
    if x & 1 != sign:
        x = ED_P - x
    return (x, y, 1, x * y % ED_P)


def ed_add(a, b):
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % ED_P, (a[1] + a[0]) * (b[1] + b[0]) % ED_P
    c, d = 2 * a[3] * b[3] * ED_D % ED_P, 2 * a[2] * b[2] % ED_P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % ED_P, g * h % ED_P, f * g % ED_P, e * h % ED_P)


def ed_times(number, point):
    out = (0, 1, 1, 0)
    while number:
        if number & 1:
            out = ed_add(out, point)
        point, number = ed_add(point, point), number >> 1
    return out


ED_BASES = [ed_point((4 * pow(5, -1, ED_P) % ED_P).to_bytes(32, 'little'))]


def ed_base(number):
    """The base point, so many times."""
    out = (0, 1, 1, 0)
    for bit in range(number.bit_length()):
        if bit == len(ED_BASES):
            ED_BASES.append(ed_add(ED_BASES[-1], ED_BASES[-1]))
        if number >> bit & 1:
            out = ed_add(out, ED_BASES[bit])
    return out


@functools.lru_cache(maxsize=None)
def ed25519(key, message, value):
    a, r, s = ed_point(key), ed_point(value[:32]), int.from_bytes(value[32:], 'little')
    if a is None or r is None or len(value) != 64 or s >= ED_L:
        return False
    h = int.from_bytes(hashlib.sha512(value[:32] + key + message).digest(), 'little') % ED_L
    left = ed_base(s)
    right = ed_add(r, ed_times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % ED_P or
                (left[1] * right[2] - right[1] * left[2]) % ED_P)


# What only tests do: making signatures.

def ed_bytes(point):
    inverse = pow(point[2], -1, ED_P)
    x, y = point[0] * inverse % ED_P, point[1] * inverse % ED_P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


@functools.lru_cache(maxsize=None)
def ed25519_public(seed):
    a = int.from_bytes(hashlib.sha512(seed).digest()[:32], 'little') & (2**254 - 8) | 2**254
    return ed_bytes(ed_base(a))


def ed25519_sign(seed, message):
    full = hashlib.sha512(seed).digest()
    a = int.from_bytes(full[:32], 'little') & (2**254 - 8) | 2**254
    public = ed25519_public(seed)
    r = int.from_bytes(hashlib.sha512(full[32:] + message).digest(), 'little') % ED_L
    first = ed_bytes(ed_base(r))
    h = int.from_bytes(hashlib.sha512(first + public + message).digest(), 'little') % ED_L
    return first + ((r + h * a) % ED_L).to_bytes(32, 'little')


def ecdsa_sign(curve, scalar, digest):
    c = CURVES[curve]
    n, p = c['n'], c['p']
    e = int.from_bytes(digest, 'big') >> max(0, 8 * len(digest) - n.bit_length())
    k = int.from_bytes(hashlib.sha512(scalar.to_bytes(48, 'big') + digest).digest(), 'big') % (n - 1) + 1
    point, total = (*c['g'], 1), (1, 1, 0)
    for bit in range(n.bit_length(), -1, -1):
        total = double(c, total)
        if k >> bit & 1:
            total = add(c, total, point)
    r = total[0] * pow(total[2], -2, p) % p % n
    return r, pow(k, -1, n) * (e + r * scalar) % n
