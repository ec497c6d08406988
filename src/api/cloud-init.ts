/**
 * cloud-init renders Jinja in all of its configuration when a machine first starts, but not in what is encoded there:
 * what the node has then is not what the bootstrap configuration says. Ignition renders nothing.
 */
export function isRenderedAtBoot(content: string, format?: string): boolean {
  return format !== 'ignition' && /\{[{%#]/.test(content);
}
