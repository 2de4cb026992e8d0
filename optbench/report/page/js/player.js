"use strict";
// A button and a slider that move figures through the evaluations of their lanes:
//
//   const player = optbench.player(host, { show(evaluations or null) });
//   player.reset(most)      what is moved now ends after so many evaluations
//
// Evaluations pass evenly in their logarithm, since most happens early and lanes are recorded so.
// Who asks for less motion gets the slider without the button.
optbench.player = (host, { show }) => {
  const SECONDS = 6;
  const FINE = 1000;
  const element = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const button = element("button", { type: "button", className: "play", hidden: matchMedia("(prefers-reduced-motion: reduce)").matches });
  const slider = element("input", { type: "range", min: 0, max: FINE, value: FINE, className: "scrub" });
  const words = element("output", { className: "small" });
  const box = element("div", { className: "player" });
  slider.setAttribute("aria-label", "evaluations");
  box.append(button, slider, words);
  host.append(box);

  let most = 1;
  let frame = 0; // of the animation; 0 while it stands
  const evaluations = (place) => Math.round((most + 1) ** (place / FINE) - 1);
  const tell = () => {
    const at = evaluations(Number(slider.value));
    words.textContent = `after ${at.toLocaleString("en")} evaluation${at === 1 ? "" : "s"}`;
    slider.setAttribute("aria-valuetext", words.textContent);
    show(at);
  };
  const pause = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    button.textContent = "▶ Play";
  };
  const play = () => {
    if (Number(slider.value) >= FINE) slider.value = 0;
    const from = Number(slider.value);
    const began = performance.now();
    const next = (now) => {
      slider.value = Math.min(FINE, from + FINE * Math.max(0, now - began) / (1000 * SECONDS));
      tell();
      if (Number(slider.value) >= FINE || !host.isConnected) pause();
      else frame = requestAnimationFrame(next);
    };
    button.textContent = "❚❚ Pause";
    frame = requestAnimationFrame(next);
  };
  button.addEventListener("click", () => (frame ? pause() : play()));
  slider.addEventListener("input", () => { pause(); tell(); });
  pause();

  return {
    reset(own) {
      pause();
      [most, slider.value, words.textContent] = [Math.max(1, own), FINE, ""];
      show(null);
    },
  };
};
