"""RSA keys that are the same in every run, so that an input that broke something breaks it again.

They sign nothing but what fuzzing makes. No key stands in the repository: each is worked out from
its name.
"""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import rsa

EXPONENT = 65537
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    numbers = (n for n in _candidates(name, bits // 2) if _is_prime(n))
    p, q = next(numbers), next(numbers)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(
        p=p, q=q, d=d, dmp1=d % (p - 1), dmq1=d % (q - 1), iqmp=pow(q, -1, p), public_numbers=public
    ).private_key()


def _candidates(name: str, bits: int) -> count[int]:
    """Odd numbers with their two highest bits set: the product of two has twice the bits."""
    seed = hashlib.shake_256(name.encode()).digest(bits // 8)
    start = int.from_bytes(seed) | 1 | 3 << (bits - 2)
    return count(start & ((1 << bits) - 1), 2)


def _is_prime(number: int) -> bool:
    """Sure enough for a number that nobody chose: Fermat's test to four bases."""
    if (number - 1) % EXPONENT == 0 or not all(number % small for small in _SMALL):
        return False
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))
