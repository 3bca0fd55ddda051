/** @import { Player } from "./player.js" */

/**
 * Tells the system what plays, for its media keys, its lock screen and a headset's buttons (Media Session).
 *
 * @param {Player} player
 */
export function session(player) {
  if (!navigator.mediaSession) return;
  const { title, episodeTitle, poster, next } = player.config;
  const artwork = poster ? [{ src: poster, type: "image/jpeg" }] : [];
  navigator.mediaSession.metadata = new MediaMetadata({ title: episodeTitle || title, album: title, artwork });
  /** @type {Partial<Record<MediaSessionAction, MediaSessionActionHandler | null>>} */
  const actions = {
    play: () => player.start(),
    pause: () => player.video.pause(),
    seekbackward: () => player.jump(-10),
    seekforward: () => player.jump(10),
    seekto: ({ seekTime = 0 }) => player.jump(seekTime - player.video.currentTime),
    nexttrack: next ? () => player.goNext() : null,
  };
  for (const [name, act] of Object.entries(actions)) {
    navigator.mediaSession.setActionHandler(/** @type {MediaSessionAction} */ (name), act);
  }
}
