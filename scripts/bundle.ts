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
  writeFileSync(
    target,
    code.replaceAll(/((?:from|import\()\s*(?:\/\*[^*]*\*\/\s*)?'\.{1,2}\/[^']*)\.ts'/g, "$1.js'"),
  );
}
cpSync(path.join(root, 'package.json'), path.join(plain, 'package.json'));

bundleProgram('main.js', bundle);
// The host program is one file: it is copied to every node.
bundleProgram('host-main.js', path.join(bundle, 'host'));
const chunks = globSync('*.index.js', { cwd: path.join(bundle, 'host') });
if (chunks.length > 0) throw new Error(`host program: got chunks ${chunks.join(', ')}, expected one file`);

function bundleProgram(entry: string, folder: string): void {
  const ncc = path.join(root, 'node_modules/.bin/ncc');
  const source = path.join(plain, 'src/cli', entry);
  const built = spawnSync(process.execPath, [ncc, 'build', source, '--out', folder, '--quiet'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error(`ncc ended with ${built.status ?? built.signal}`);
  renameSync(path.join(folder, 'index.js'), path.join(folder, 'refit.js'));
  chmodSync(path.join(folder, 'refit.js'), 0o755);
}
