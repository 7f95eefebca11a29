"""From Alexa's request to its answer."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

VERIFICATION = "skill_endpoint/verification.py"
CERTIFICATES = "skill_endpoint/certificates.py"
SIGNING_KEYS = "skill_endpoint/signing_keys.py"
VOICE_VIEW = "skill_endpoint/views.py"
PREPARED = "skill_endpoint/prepared.py"
T_VERIFY = " ".join(
    f"tests/skill_endpoint/test_verification{part}.py" for part in ("", "_of_time", "_of_shape")
)
T_CHAINS = "tests/skill_endpoint/test_verification.py"
T_CERTIFICATES = " ".join(
    f"tests/skill_endpoint/test_certificates{part}.py" for part in ("", "_chains")
)
T_SIGNING_KEYS = " ".join(
    f"tests/skill_endpoint/test_signing_keys{part}.py" for part in ("", "_development")
)
T_REPLAY = "tests/skill_endpoint/test_replay.py"
T_LIMITS = "tests/skill_endpoint/test_views_limits.py"
T_CODEC = "tests/skill_endpoint/test_codec.py"
T_RECENT = "tests/skill_endpoint/test_recent_turns.py"
T_WARM = "tests/skill_endpoint/test_warm_caches.py"
T_WARM_CHAINS = "tests/skill_endpoint/test_warm_chains.py"
T_PREPARED = "tests/skill_endpoint/test_prepared.py"
T_LAST_FEW = "tests/accounts/test_last_few.py"
T_SHARED_REDIS = "tests/accounts/test_shared_redis.py"
T_VIEWS = "tests/skill_endpoint/test_views.py"

MUTANTS = [
    Mutant(
        "an unlinked person's tokens",
        "skill_endpoint/interceptors.py",
        "if known.were_taken_back(claims):",
        "if False:",
        "tests/skill_endpoint/test_unlinking.py",
    ),
    Mutant(
        "refreshed after unlinking",
        "skill_endpoint/models.py",
        "if self.grant and claims.grant:",
        "if False:",
        "tests/skill_endpoint/test_unlinking.py",
    ),
    Mutant(
        "signature of a request",
        VERIFICATION,
        "        key.verify(raw, body, padding.PKCS1v15(), hashes.SHA256())",
        "        pass",
        T_VERIFY,
    ),
    Mutant(
        "age of a request",
        VERIFICATION,
        "if not -TOLERANCE <= age",
        "if False and not -TOLERANCE <= age",
        T_VERIFY,
    ),
    Mutant(
        "an hour is for events only",
        VERIFICATION,
        'if request["type"] in EVENTS else TOLERANCE',
        "if True else TOLERANCE",
        T_VERIFY,
    ),
    Mutant(
        "skill id",
        VERIFICATION,
        "if application_id not in settings.ALEXA_SKILL_IDS:",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "the session is of the same skill",
        VERIFICATION,
        'if _object(session, "application").get("applicationId") != application_id:',
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "size of a request",
        VERIFICATION,
        "if len(body) > MAX_BODY_BYTES:",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "a name stands once",
        VERIFICATION,
        "if len(members) != len(pairs):",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "the name itself is in the certificate",
        CERTIFICATES,
        "    if ECHO_API not in {name.lower() for",
        "    if False and ECHO_API not in {name.lower() for",
        T_CHAINS,
    ),
    Mutant(
        "strength of the signing key",
        CERTIFICATES,
        "or key.key_size < MIN_RSA_BITS",
        "or False",
        T_CHAINS,
    ),
    Mutant(
        "folder of the certificate",
        CERTIFICATES,
        'if len(path) < 2 or path[0] != "echo.api":',
        "if False:",
        T_CERTIFICATES,
    ),
    Mutant(
        "redirects of the certificate",
        CERTIFICATES,
        "allow_redirects=False, stream=True",
        "allow_redirects=True, stream=True",
        T_CERTIFICATES,
    ),
    Mutant(
        "a kept chain expires",
        SIGNING_KEYS,
        "is_valid(now):\n                if time",
        "key:\n                if time",
        T_SIGNING_KEYS,
    ),
    Mutant(
        "development keys need DEV_TOOLS",
        SIGNING_KEYS,
        "if settings.DEV_TOOLS and settings.ALEXA_DEV_PKI_DIR:",
        "if settings.ALEXA_DEV_PKI_DIR:",
        T_CHAINS,
    ),
    Mutant(
        "a request counts once",
        "skill_endpoint/models.py",
        "return bool(cursor.rowcount == 1)",
        "return True",
        f"{T_REPLAY} {T_VIEWS}",
    ),
    Mutant(
        "a turn that the SDK cannot read is answered",
        "skill_endpoint/skill.py",
        "if readable is None:",
        "if True:",
        "tests/skill_endpoint/test_any_turn.py",
    ),
    Mutant(
        "Lambda answers for our skill alone",
        "companion/aws_lambda.py",
        'if _member(system, "application").get("applicationId") not in settings.ALEXA_SKILL_IDS:',
        "if False:",
        "tests/companion/test_aws_lambda.py",
    ),
    # keys of chains that are kept
    Mutant(
        "a chain that was replaced",
        SIGNING_KEYS,
        "if time.monotonic() >= fresh_until:",
        "if False:",
        T_WARM_CHAINS,
    ),
    Mutant(
        "a kept chain is looked at by one turn an hour",
        SIGNING_KEYS,
        "self._keep(url, kept)  # nobody else looks meanwhile",
        "pass",
        T_WARM_CHAINS,
    ),
    Mutant(
        "garbage in the place of a kept chain ends nothing",
        SIGNING_KEYS,
        '            log.warning("certificate_renewal_failed", reason=error.reason)\n',
        "            self._kept.pop(url, None)\n",
        T_WARM_CHAINS,
    ),
    Mutant(
        "a chain that waited for its fetch has to hold too",
        SIGNING_KEYS,
        "if not found.is_valid(now):",
        "if False:",
        T_SIGNING_KEYS,
    ),
    Mutant(
        "an address that failed is left alone for a while",
        SIGNING_KEYS,
        "if time.monotonic() < until:",
        "if False:",
        T_SIGNING_KEYS,
    ),
    Mutant(
        "fetches of chains leave threads free",
        SIGNING_KEYS,
        "if len(self._pending) >= MAX_FETCHES or not self._take():",
        "if not self._take():",
        T_SIGNING_KEYS,
    ),
    Mutant(
        "a flood of addresses is not passed on",
        SIGNING_KEYS,
        "if len(self._pending) >= MAX_FETCHES or not self._take():",
        "if len(self._pending) >= MAX_FETCHES:",
        f"{T_SIGNING_KEYS} {T_WARM_CHAINS}",
    ),
    Mutant(
        "failed addresses are bounded",
        SIGNING_KEYS,
        "if len(self._failed) > FAILED_KEPT:",
        "if False:",
        f"{T_SIGNING_KEYS} {T_WARM_CHAINS}",
    ),
    Mutant(
        "kept chains are bounded",
        SIGNING_KEYS,
        "if len(self._kept) > KEPT:",
        "if False:",
        f"{T_SIGNING_KEYS} {T_WARM_CHAINS}",
    ),
    Mutant(
        "a development root that is not trusted any more",
        SIGNING_KEYS,
        "version = (file, *_stamp(file), *_stamp(root))",
        "version = (file, *_stamp(file))",
        f"{T_SIGNING_KEYS} {T_WARM_CHAINS}",
    ),
    Mutant(
        "a kept development chain expires",
        SIGNING_KEYS,
        "kept.is_valid(now):\n                metrics.chain_known.inc()\n                return",
        "True:\n                metrics.chain_known.inc()\n                return",
        f"{T_SIGNING_KEYS} {T_WARM_CHAINS}",
    ),
    Mutant(
        "a private key beside a chain is no chain",
        SIGNING_KEYS,
        "(?!(?:root-)?key\\.pem)",
        "",
        T_SIGNING_KEYS,
    ),
    # what was signed is text that can be used
    Mutant(
        "no header counts twice",
        VERIFICATION,
        "given.setdefault(name.lower(), []).append(value)",
        "given[name.lower()] = [value]",
        T_VERIFY,
    ),
    Mutant("NUL in a text", VERIFICATION, 'if "\\0" in text:', "if False:", T_VERIFY),
    Mutant("half a pair in a text", VERIFICATION, "    text.encode()", "    pass", T_VERIFY),
    Mutant(
        "names are texts too",
        VERIFICATION,
        "texts.extend(item)",
        "pass",
        T_VERIFY,
    ),
    Mutant("depth of a request", VERIFICATION, "if depth > MAX_DEPTH:", "if False:", T_VERIFY),
    Mutant(
        "a length of a signature",
        VERIFICATION,
        "if len(signature) > MAX_SIGNATURE_LENGTH:",
        "if False:",
        T_VERIFY,
    ),
    # a request counts once, and only so many do
    Mutant(
        "a request counts once in a shared cache",
        "skill_endpoint/replay.py",
        "nx=True, ex=kept",
        "ex=kept",
        T_REPLAY,
        needs_services=True,
    ),
    Mutant(
        "a claim outlives its request",
        "skill_endpoint/models.py",
        "timedelta(seconds=300)",
        "timedelta(seconds=100)",
        T_REPLAY,
        needs_services=True,
    ),
    Mutant(
        "a claim is of one skill",
        "skill_endpoint/replay.py",
        'f"{application_id}\\n{request_id}".encode()',
        "request_id.encode()",
        T_REPLAY,
    ),
    Mutant(
        "a claim says of no request which",
        "skill_endpoint/replay.py",
        'hashlib.sha256(f"{application_id}\\n{request_id}".encode()).hexdigest()',
        'f"{application_id}\\n{request_id}"',
        T_REPLAY,
    ),
    Mutant(
        "a store of claims that is down stops no turn",
        "skill_endpoint/replay.py",
        "except (DatabaseError, redis.RedisError, OSError) as error:",
        "except ZeroDivisionError as error:",
        T_REPLAY,
    ),
    Mutant(
        "one address floods nobody",
        VOICE_VIEW,
        'if has_used_up("alexa", address, rate=CLIENT_RATE, per=60):',
        "if False:",
        T_LIMITS,
    ),
    Mutant(
        "one Alexa account floods nobody",
        VOICE_VIEW,
        'if is_over("alexa-user", who, rate=USER_RATE, per=60):',
        "if False:",
        T_LIMITS,
    ),
    Mutant(
        "a long request is refused unread",
        VOICE_VIEW,
        "if len(length) > 9 or int(length) > MAX_BODY_BYTES:",
        "if False:",
        T_LIMITS,
    ),
    Mutant(
        "no more of a request is read than is taken",
        VOICE_VIEW,
        ".read(MAX_BODY_BYTES + 1)",
        ".read()",
        T_LIMITS,
    ),
    Mutant(
        "no cache keeps an answer",
        VOICE_VIEW,
        '{"Cache-Control": "no-store", "Content-Length"',
        '{"Content-Length"',
        T_VIEWS,
    ),
    Mutant(
        "the voice door is at its own name",
        "companion/middleware.py",
        "self.path:\n            return self.get_response(request)\n        request.get_host()",
        "self.path:\n            return self.get_response(request)\n        str()",
        "tests/companion/test_voice_door.py",
    ),
    # who a turn is of
    Mutant(
        "a turn is of the token's person, not the link's",
        "skill_endpoint/interceptors.py",
        "user = owner if owner and owner.sub == claims.sub else _person(claims.sub)",
        "user = owner or _person(claims.sub)",
        T_WARM,
    ),
    Mutant(
        "a locked person",
        "skill_endpoint/interceptors.py",
        "if not user.is_active:",
        "if False:",
        T_WARM,
    ),
    # Alexa's JSON
    Mutant(
        "a new member takes no place of ours",
        "skill_endpoint/codec_reading.py",
        "elif key not in reserved:",
        "else:",
        T_CODEC,
    ),
    Mutant(
        "no half-made plan is read",
        "skill_endpoint/codec_reading.py",
        "plans = _Plans(_plans)",
        "plans = _plans",
        T_CODEC,
    ),
    Mutant(
        "an error quotes nothing that was read",
        "skill_endpoint/codec.py",
        '{type(error).__name__}") from None',
        '{error}") from error',
        T_CODEC,
    ),
    Mutant(
        "nesting without end is a request that cannot be read",
        "skill_endpoint/codec.py",
        "    RecursionError,\n)",
        ")",
        T_CODEC,
    ),
    Mutant(
        "NaN is no JSON",
        "skill_endpoint/codec.py",
        "json.JSONDecoder(parse_constant=_refuse)",
        "json.JSONDecoder()",
        T_CODEC,
    ),
    # the last turns of a person
    Mutant(
        "a person's last turns are theirs",
        "skill_endpoint/recent_turns.py",
        'return f"recent-turns:{user_id}"',
        'return "recent-turns"',
        T_RECENT,
    ),
    Mutant(
        "a person's last turns are few",
        "accounts/last_few.py",
        "(forgiving_cache.found(key) or [])][:length]",
        "(forgiving_cache.found(key) or [])]",
        T_RECENT,
    ),
    Mutant(
        "a person's last turns are of a day",
        "skill_endpoint/recent_turns.py",
        "return [turn for turn in turns if turn.timestamp > since]",
        "return turns",
        T_RECENT,
    ),
    Mutant(
        "a person's last turns are erased with them",
        "accounts/last_few.py",
        "cache.delete(key)",
        "pass",
        T_RECENT,
    ),
    # statements whose values change
    Mutant(
        "a statement's values are told from its constants",
        PREPARED,
        "stand_ins = [_stand_in(number, value) for number, value in enumerate(values)]",
        "stand_ins = list(values)",
        T_PREPARED,
    ),
    Mutant(
        "a value is found again in its statement",
        PREPARED,
        "if missing := set(range(len(values))) - {number for number, _ in places}:",
        "if missing := set[int]():",
        T_PREPARED,
    ),
    Mutant(
        "no value is left out of a statement",
        PREPARED,
        "if len(values) != self.count:",
        "if False:",
        T_PREPARED,
    ),
    Mutant(
        "no session and no cookie at the voice door",
        "companion/middleware.py",
        "if request.path_info != self.path:",
        "if True:",
        "tests/companion/test_voice_door.py",
    ),
    Mutant(
        "nothing but the address itself is the voice door",
        "companion/middleware.py",
        "if request.path_info != self.path:",
        "if not request.path_info.startswith(self.path):",
        "tests/companion/test_voice_door.py",
    ),
    # what a shared cache keeps
    Mutant(
        "a person's last turns are few in a shared cache",
        "accounts/last_few.py",
        "            pipeline.ltrim(key, 0, length - 1)\n",
        "",
        T_LAST_FEW,
        needs_services=True,
    ),
    Mutant(
        "a person's last turns end by themselves in a shared cache",
        "accounts/last_few.py",
        "            pipeline.expire(key, int(seconds))\n",
        "",
        T_LAST_FEW,
        needs_services=True,
    ),
    Mutant(
        "a person's last turns are erased from a shared cache",
        "accounts/last_few.py",
        "        client.delete(key)",
        "        pass",
        T_LAST_FEW,
        needs_services=True,
    ),
    Mutant(
        "a shared cache that is down breaks no turn",
        "accounts/last_few.py",
        "            pipeline.execute()\n    except Exception as error:",
        "            pipeline.execute()\n    except ZeroDivisionError as error:",
        T_LAST_FEW,
    ),
    Mutant(
        "a limit counts in a shared cache",
        "accounts/rate_limit.py",
        "nx=True, ex=seconds",
        "ex=seconds",
        T_SHARED_REDIS,
        needs_services=True,
    ),
    Mutant(
        "a count in a shared cache has an end",
        "accounts/rate_limit.py",
        "nx=True, ex=seconds",
        "nx=True",
        T_SHARED_REDIS,
        needs_services=True,
    ),
    Mutant(
        "a shared cache is waited for only so long",
        "accounts/shared_redis.py",
        "RestingPool.from_url(location, **dict(options))",
        "RestingPool.from_url(location)",
        T_SHARED_REDIS,
        needs_services=True,
    ),
]
