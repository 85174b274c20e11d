#!/usr/bin/env python3
"""Judge what was printed by its schemas.

  schema.py SCHEMAS PRINTED FORMS

SCHEMAS has NAME.json (JSON Schema 2020-12); PRINTED has files NAME.N, each what a
command printed that NAME.json describes; FORMS is a file with a name a line, each
of a schema that there must be.  It prints "ok: …" or "not ok: …" for each check.
"""
import copy
import json
import os
import pathlib
import sys
import warnings

import jsonschema

# Of RefResolver, which the jsonschema of Debian 12 needs.
warnings.simplefilter('ignore', DeprecationWarning)

folder, printed, forms = sys.argv[1:]
schemas = {p.stem: json.loads(p.read_text()) for p in sorted(pathlib.Path(folder).glob('*.json'))}
base = pathlib.Path(folder).resolve().as_uri() + '/'
store = {base + name + '.json': schema for name, schema in schemas.items()}


def told(good, what):
	print('ok:' if good else 'not ok:', what)


def validator(name):
	resolver = jsonschema.RefResolver(base + name + '.json', schemas[name], store)
	return jsonschema.Draft202012Validator(schemas[name], resolver=resolver)


def resolve(name, schema):
	"""Follow $ref: the file that a schema is in, and the schema."""
	file, _, path = schema['$ref'].partition('#')
	name = file[:-len('.json')] if file else name
	schema = schemas[name]
	for part in path.split('/')[1:]:
		schema = schema[part]
	return name, schema


def holds(name, schema, value):
	resolver = jsonschema.RefResolver(base + name + '.json', schemas[name], store)
	return jsonschema.Draft202012Validator(schema, resolver=resolver).is_valid(value)


def parts(name, schema, value):
	"""The schemas that speak of a value: itself, and those it leads to."""
	yield name, schema
	if '$ref' in schema:
		yield from parts(*resolve(name, schema), value)
	for one in schema.get('allOf', []):
		yield from parts(name, one, value)
	for one in schema.get('anyOf', []):
		if holds(name, one, value):
			yield from parts(name, one, value)
	if 'if' in schema:
		branch = 'then' if holds(name, schema['if'], value) else 'else'
		yield from parts(name, schema.get(branch, {}), value)


def members(name, schema, value, path=()):
	"""Each member of each object in value: its path, whether it is told of, whether it is needed."""
	speaking = list(parts(name, schema, value))
	if isinstance(value, dict):
		for key, inner in value.items():
			tell = [(n, s['properties'][key]) for n, s in speaking if key in s.get('properties', {})]
			free = [(n, s['additionalProperties']) for n, s in speaking if 'additionalProperties' in s]
			needed = any(key in s.get('required', []) for _, s in speaking)
			yield path + (key,), bool(tell or free), needed
			for n, s in tell or free:
				yield from members(n, s, inner, path + (key,))
	elif isinstance(value, list):
		for n, s in speaking:
			if 'items' in s:
				for at, inner in enumerate(value):
					yield from members(n, s['items'], inner, path + (at,))


def contents(name, schema, value):
	"""Whether each text in value that is JSON itself is as its contentSchema says."""
	speaking = list(parts(name, schema, value))
	if isinstance(value, dict):
		return all(contents(n, s['properties'][key], inner) for key, inner in value.items()
			for n, s in speaking if key in s.get('properties', {}))
	return all(holds(n, s['contentSchema'], json.loads(value)) for n, s in speaking if 'contentSchema' in s)


def changed(value, path, how):
	"""A copy of value in which the object at path[:-1] was changed."""
	out = copy.deepcopy(value)
	inner = out
	for step in path[:-1]:
		inner = inner[step]
	how(inner, path[-1])
	return out


def wrong(inner, key):
	inner[key] = [[]] if not isinstance(inner[key], list) else {'a': [{}]}


def forbids(schema):
	if isinstance(schema, dict):
		return any(k in ('additionalProperties', 'unevaluatedProperties') and v is False or forbids(v) for k, v in schema.items())
	return isinstance(schema, list) and any(forbids(one) for one in schema)


for name, schema in schemas.items():
	try:
		jsonschema.Draft202012Validator.check_schema(schema)
		good = schema['$schema'].endswith('/2020-12/schema') and schema['title'] and (name == 'common' or schema['description'])
	except (jsonschema.SchemaError, KeyError) as error:
		good = False
	told(good and not forbids(schema), f'{name}.json is a schema that lets objects grow')
wanted = set(pathlib.Path(forms).read_text().split())
for name in sorted(wanted):
	told(name in schemas, f'there is docs/schema/{name}.json for what it prints with --json')
for name in sorted(set(schemas) - wanted - {'common', 'error', 'log-follow'}):
	told(name.startswith('http-'), f'{name}.json is of something that there is')

seen = {}
for file in sorted(os.listdir(printed)):
	name = file.split('.')[0]
	if name not in schemas:
		told(False, f'{file}: there is no docs/schema/{name}.json')
		continue
	try:
		rows = [json.loads(line) for line in open(os.path.join(printed, file), encoding='utf-8')]
	except ValueError as error:
		told(False, f'{file}: it is no JSON: {error}')
		continue
	lines = schemas[name].get('x-lines', False)
	good = all(isinstance(row, dict) for row in rows) and (rows if lines else len(rows) == 1)
	told(good, f'{file} is {"an object a line" if lines else "one object"}')
	for row in rows:
		faults = sorted(validator(name).iter_errors(row), key=lambda e: len(e.path))
		told(not faults, f'{file} is as {name}.json says' + (f': {"/".join(map(str, faults[0].absolute_path))}: {faults[0].message[:300]}' if faults else ''))
		told(not faults and contents(name, schemas[name], row), f'{file}: so is what its texts hold')
		if not faults:
			seen.setdefault(name, []).append(row)

for name in sorted(set(schemas) - {'common'}):
	told(name in seen, f'{name}.json was tried')
	silent, missed, forbidden, tried = set(), set(), False, set()
	for row in seen.get(name, []):
		judge = validator(name)
		for path, is_told, needed in members(name, schemas[name], row):
			shape = tuple(step for step in path if not isinstance(step, int))
			if (shape, needed) in tried:
				continue
			tried.add((shape, needed))
			if not is_told:
				silent.add('/'.join(shape))
				continue
			if needed and judge.is_valid(changed(row, path, lambda inner, key: inner.pop(key))):
				missed.add('without ' + '/'.join(shape))
			if judge.is_valid(changed(row, path, wrong)):
				missed.add('/'.join(shape) + ' of another type')
			if not judge.is_valid(changed(row, path, lambda inner, key: inner.update({'x-more': inner[key]})) if isinstance(path[-1], str) else row):
				forbidden = True
	told(not silent, f'{name}.json tells of each member' + (f': not of {", ".join(sorted(silent))}' if silent else ''))
	told(not missed, f'{name}.json finds what is missing or of another type' + (f': not {", ".join(sorted(missed))}' if missed else ''))
	told(not forbidden, f'{name}.json lets objects grow')
