import type { Words } from "../player/types";

/** What the server puts into the upload page (apps/media/ui_strings.py). */
export interface UploadConfig {
  uploads: string;
  known: string;
  /** Bytes. */
  limit: number;
  words: Words;
}

/** An upload as the server has it. */
export interface UploadRow {
  id: string;
  url: string;
  filename: string;
  size: number;
  offset: number;
  modified?: string;
  state: string;
  video?: { state: string; progress: number; failure: string } | null;
}

/** Errors of a form, by field. */
export type Errors = Record<string, string[]>;

/** An episode in the preview of the form. */
export interface EpisodePreview {
  upload: string;
  number: number;
  season: string;
  notes: string[];
  clash: boolean;
}

/** What an upload became: a link. */
export interface Made {
  upload: string;
  url: string;
  text: string;
}

/** The server's answer to the form. */
export interface FormAnswer {
  errors?: Errors;
  places?: EpisodePreview[];
  notes?: string[];
  rows?: Made[];
}
