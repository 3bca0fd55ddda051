// A title's storyboard: WebVTT cues whose text is an address with #xywh. Without one the list is empty.
const seconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

export async function storyboard(address) {
  const answer = await fetch(address);
  if (!answer.ok) return [];
  return [...(await answer.text()).matchAll(/([\d:.]+) --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g)].map(
    (m) => ({
      start: seconds(m[1]),
      end: seconds(m[2]),
      url: m[3],
      x: +m[4],
      y: +m[5],
      w: +m[6],
      h: +m[7],
    }),
  );
}

export const cueAt = (cues, at) => cues.find((cue) => at < cue.end) ?? cues.at(-1);
