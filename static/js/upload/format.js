const language = document.documentElement.lang || undefined;
const STEPS = ["B", "KB", "MB", "GB", "TB"];

export const percent = (share) =>
  new Intl.NumberFormat(language, { style: "percent" }).format(Math.floor(share * 100) / 100);

export function bytes(count) {
  const step = count < 1024 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log2(count) / 10));
  const format = new Intl.NumberFormat(language, { maximumFractionDigits: step > 1 ? 1 : 0 });
  return `${format.format(count / 1024 ** step)} ${STEPS[step]}`;
}

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export function span(seconds, words) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return fill(words.seconds, { n: whole });
  const minutes = Math.ceil(whole / 60);
  if (minutes < 60) return fill(words.minutes, { n: minutes });
  return fill(words.hours, { n: Math.floor(minutes / 60), m: minutes % 60 });
}
