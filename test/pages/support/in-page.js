/** What a test asks inside of the page. Each function is called from there: see browser.ts. */

globalThis.paleTexts = () => {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const isClear = (colour) => colour === 'none' || channels(colour)[3] === 0;
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const shape = element.closest('g')?.querySelector('rect');
    // What is half clear leaves the paper to be seen.
    if (shape && getComputedStyle(shape).opacity === '1' && !element.closest('.act, .step'))
      return getComputedStyle(shape).fill;
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!isClear(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const pale = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || element.tagName === 'title') continue;
    const { color, fill } = getComputedStyle(element);
    const [a, b] = [luminance(element.tagName === 'text' ? fill : color), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) pale.push(`${element.textContent.trim().slice(0, 40)}: ${contrast.toFixed(1)}`);
  }
  return [...new Set(pale)];
};

globalThis.crowdedTexts = () => {
  const found = [];
  for (const picture of document.querySelectorAll('svg')) {
    const frame = picture.getBoundingClientRect();
    const texts = [...picture.querySelectorAll('text')].map((each) => ({
      words: each.textContent,
      box: each.getBoundingClientRect(),
    }));
    for (const [index, { words, box }] of texts.entries()) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push(`${words} sticks out`);
      for (const other of texts.slice(index + 1)) {
        const over =
          Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1 &&
          Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 4;
        if (over) found.push(`${words} lies over ${other.words}`);
      }
    }
  }
  return found;
};
