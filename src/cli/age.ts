/** How long ago, short enough for a column: 45s, 12m, 3h10m, 2d4h. An unreadable time is `?`. */
export function age(since: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000));
  if (Number.isNaN(seconds)) return '?';
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (minutes < 2) return `${seconds}s`;
  if (hours < 2) return `${minutes}m`;
  if (days < 2) return `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
  return `${days}d${hours % 24}h`;
}
