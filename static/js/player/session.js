// What plays, for the system: its media keys, its lock screen, a headset's buttons (Media Session).
export function session(player) {
  if (!navigator.mediaSession) return;
  const { title, episodeTitle, poster, next } = player.config;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: episodeTitle || title,
    album: title,
    artwork: poster ? [{ src: poster, type: "image/jpeg" }] : [],
  });
  const acts = {
    play: () => player.start(),
    pause: () => player.video.pause(),
    seekbackward: () => player.jump(-10),
    seekforward: () => player.jump(10),
    seekto: ({ seekTime }) => player.jump(seekTime - player.video.currentTime),
    nexttrack: next ? () => player.goNext() : null,
  };
  for (const [name, act] of Object.entries(acts)) navigator.mediaSession.setActionHandler(name, act);
}
