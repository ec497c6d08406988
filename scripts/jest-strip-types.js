// Jest transform: erase TypeScript's types the way Node itself does, so tests run what production runs.
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
