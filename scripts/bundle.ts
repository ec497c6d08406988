// bundle/: the CLI as plain JavaScript with its dependencies, since Node strips no types below node_modules.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const plain = path.join(root, 'out/plain');
const bundle = path.join(root, 'bundle');

rmSync(plain, { recursive: true, force: true });
rmSync(bundle, { recursive: true, force: true });
for (const file of globSync('src/**/*.ts', { cwd: root })) {
  const target = path.join(plain, file.replace(/\.ts$/, '.js'));
  mkdirSync(path.dirname(target), { recursive: true });
  const code = stripTypeScriptTypes(readFileSync(path.join(root, file), 'utf8'));
  writeFileSync(target, code.replaceAll(/((?:from|import\()\s*'\.{1,2}\/[^']*)\.ts'/g, "$1.js'"));
}
cpSync(path.join(root, 'package.json'), path.join(plain, 'package.json'));

const ncc = path.join(root, 'node_modules/.bin/ncc');
const entry = path.join(plain, 'src/cli/main.js');
const built = spawnSync(process.execPath, [ncc, 'build', entry, '--out', bundle, '--quiet'], {
  cwd: root,
  stdio: 'inherit',
});
if (built.status !== 0) throw new Error(`ncc ended with ${built.status ?? built.signal}`);
renameSync(path.join(bundle, 'index.js'), path.join(bundle, 'refit.js'));
chmodSync(path.join(bundle, 'refit.js'), 0o755);
