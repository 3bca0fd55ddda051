/** What the server puts into the page for the player (apps/playback/presenters.py); every time is in seconds. */
export interface Config {
  master: string;
  readyUrl: string;
  poster: string;
  title: string;
  episodeTitle: string;
  resumeAt: number;
  storyboard: string;
  chapters: Chapter[];
  intro: [number, number] | null;
  outro: number | null;
  progressUrl: string;
  placeUrl: string;
  addresses: { url: string; lifetime: number };
  limited: boolean;
  next: { url: string; title: string } | null;
  gate: Gate;
  signedIn: boolean;
  signInUrl: string;
  state: string;
  words: Words;
}

/** Texts in the viewer's language, by key. */
export type Words = Record<string, string>;

export interface Chapter {
  start: number;
  title: string;
}

export interface Action {
  label: string;
  url: string;
}

/** What stands between the viewer and the whole title. */
export interface Gate {
  kind: string;
  message: string;
  actions: Action[];
  plans: { name: string; price: string; marked: boolean }[];
  plansUrl: string;
}

/** The server's view of this player and its viewer: the answer to a heartbeat or to a request for a place. */
export interface Said {
  kind: string;
  signedIn: boolean;
  place?: string;
  gate?: Gate;
  limit?: number;
  players?: OtherPlayer[];
}

/** Another player of the same account. */
export interface OtherPlayer {
  id: number;
  device: string;
  title: string;
  since: string;
}

/** A wish that goes with a request for a place. */
export interface Wish {
  stop?: number;
  back?: boolean;
}

export interface TextTrackInfo {
  name: string;
  language: string;
  first: boolean;
  forced: boolean;
}

export interface SoundTrackInfo {
  name: string;
  language: string;
}

/** What a source reports while it loads and plays. */
export interface SourceListener {
  levels(heights: number[]): void;
  level(height: number): void;
  texts(tracks: TextTrackInfo[]): void;
  sounds(tracks: SoundTrackInfo[]): void;
  progressive(): void;
  whole(): void;
  error(word: string): void;
  refused(): void;
}

/** A line of a menu. */
export interface Choice<T> {
  value: T;
  label: string;
}

/** What the viewer chose on this device. */
export interface Kept {
  quality?: number;
  sound?: string;
  text?: string;
  speed?: number;
  volume?: number;
  muted?: boolean;
  theatre?: boolean;
  bandwidth?: number;
}

/** A picture of a storyboard: from `start` to `end` (seconds) the tile at x, y of the sheet at `url`. */
export interface Cue {
  start: number;
  end: number;
  url: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Something that stands over the picture. */
export interface Panel {
  remove(): void;
}

/** A button of a message. */
export interface MessageAction {
  label: string;
  act(): void;
}
