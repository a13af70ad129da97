// Writes src/api/schema.d.ts from the server's OpenAPI document, or with --check says whether it is stale.
import { readFileSync, writeFileSync } from 'node:fs';

import openapiTS, { astToString } from 'openapi-typescript';

const document = new URL('../../tests/api/snapshots/openapi.json', import.meta.url);
const schema = new URL('../src/api/schema.d.ts', import.meta.url);

const head = '// Generated from the server\'s OpenAPI document by `npm run client`. Do not edit.\n\n';
const text = head + astToString(await openapiTS(document, { emptyObjectsUnknown: true }));
if (process.argv.includes('--check')) {
  if (readFileSync(schema, 'utf8') !== text) {
    console.error('src/api/schema.d.ts is stale: run `cargo xtask client`');
    process.exit(1);
  }
  console.log('src/api/schema.d.ts is fresh');
} else {
  writeFileSync(schema, text);
}
