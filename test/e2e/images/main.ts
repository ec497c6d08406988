// `node test/e2e/images/main.ts [GROUP...]`: one line per image, its name by digest, its tag and its archive.
import { e2eImages, IMAGE_GROUPS, type ImageGroup } from './images.ts';

const isGroup = (name: string): name is ImageGroup => IMAGE_GROUPS.some((group) => group === name);

async function main(names: string[]): Promise<void> {
  const unknown = names.find((name) => !isGroup(name));
  if (unknown !== undefined) {
    throw new Error(`unknown group ${JSON.stringify(unknown)}, expected one of: ${IMAGE_GROUPS.join(', ')}`);
  }
  for (const group of names.length === 0 ? IMAGE_GROUPS : names.filter(isGroup)) {
    for (const { name, tag, digest, archive } of await e2eImages([group])) {
      process.stdout.write(`${name}@${digest} ${tag} ${archive}\n`);
    }
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
