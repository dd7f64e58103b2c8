/**
 * Writes openapi.yaml from the schemas (`npm run openapi`). A test fails when the file differs from
 * what the code generates.
 */
import { writeFileSync } from 'node:fs';
import { describedApp } from './described-app.ts';
import { apiText } from './openapi.ts';

const app = await describedApp();
writeFileSync(new URL('../../../openapi.yaml', import.meta.url), apiText(app));
await app.close();
