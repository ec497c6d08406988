import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { archiveOnce } from './archive-once.ts';
import { imageRecipe } from './image-recipe.ts';
import { imageNames } from './kubernetes-images.ts';

let temporary = '';
let cacheBefore: string | undefined;
beforeEach(() => {
  temporary = mkdtempSync(path.join(tmpdir(), 'refit-images-'));
  cacheBefore = process.env['REFIT_TOOLS_CACHE'];
  process.env['REFIT_TOOLS_CACHE'] = path.join(temporary, 'cache');
  writeFileSync(program(), 'program');
});
afterEach(() => {
  rmSync(temporary, { recursive: true, force: true });
  if (cacheBefore === undefined) delete process.env['REFIT_TOOLS_CACHE'];
  else process.env['REFIT_TOOLS_CACHE'] = cacheBefore;
});

const program = (): string => path.join(temporary, 'program');
const recipe = () =>
  imageRecipe('example.com/etcd', '3.6', { programs: { '/usr/local/bin/etcd': program() } });

describe('an image', () => {
  it('is named by its tag and by the digest of its manifest', async () => {
    const { digest, archive } = await archiveOnce(recipe());
    const inArchive = (file: string) => execFileSync('tar', ['-xOf', archive, file], { encoding: 'utf8' });
    const { manifests } = JSON.parse(inArchive('index.json')) as { manifests: object[] };
    expect(manifests).toMatchObject(
      [`example.com/etcd@${digest}`, 'example.com/etcd:3.6'].map((name) => ({
        digest,
        annotations: { 'io.containerd.image.name': name },
      })),
    );
    expect(inArchive(`blobs/${digest.replace(':', '/')}`)).toContain('layers');
  });

  it('is made once', async () => {
    const first = await archiveOnce(recipe());
    const never = () => Promise.reject(new Error('made again'));
    expect(await archiveOnce({ ...recipe(), make: never })).toEqual(first);
  });

  it('is made again of another program', async () => {
    const first = await archiveOnce(recipe());
    writeFileSync(program(), 'PROGRAM');
    utimesSync(program(), 1, 1);
    const second = await archiveOnce(recipe());
    expect(second.archive).not.toBe(first.archive);
    expect(second.digest).not.toBe(first.digest);
  });

  it('leaves nothing behind when it cannot be made', async () => {
    const make = () => Promise.reject(new Error('no space'));
    await expect(archiveOnce({ ...recipe(), make })).rejects.toThrow('no space');
    expect(existsSync(path.join(temporary, 'cache'))).toBe(true);
    expect(readdirSync(path.join(temporary, 'cache'))).toEqual([]);
  });
});

it('takes the names from what kubeadm prints', () => {
  const list = 'registry.k8s.io/etcd:3.6.5-0\nlocalhost:5000/coredns/coredns:v1.12.1\n\n';
  expect(imageNames(list)).toEqual([
    { name: 'registry.k8s.io/etcd', tag: '3.6.5-0' },
    { name: 'localhost:5000/coredns/coredns', tag: 'v1.12.1' },
  ]);
});
