// Runs in the page, so it is plain JavaScript and whole in itself.

/**
 * What of the text on this page has less contrast to its ground than WCAG 2.2 AA asks for: 4.5, and 3
 * for large text. Gradients are not looked at.
 */
function faintTexts() {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

  function colourOf(css) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }

  function over(top, below) {
    const mix = (index) => top[index] * top[3] + below[index] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  }

  function ancestorsOf(element) {
    return element === null ? [] : [...ancestorsOf(element.parentElement), element];
  }

  function groundOf(element) {
    let ground = [255, 255, 255, 1];
    for (const each of ancestorsOf(element)) {
      ground = over(colourOf(getComputedStyle(each).backgroundColor), ground);
    }
    return ground;
  }

  function luminance(colour) {
    const [red, green, blue] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrastOf(element) {
    const ground = groundOf(element);
    const [red, green, blue, alpha] = colourOf(getComputedStyle(element).color);
    const opacities = ancestorsOf(element).map((each) => Number(getComputedStyle(each).opacity));
    const ink = over([red, green, blue, opacities.reduce((a, b) => a * b, alpha)], ground);
    const [dark, light] = [luminance(ink), luminance(ground)].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  function isLarge({ fontSize, fontWeight }) {
    const pixels = Number.parseFloat(fontSize);
    return pixels >= 24 || (pixels >= 18.66 && Number(fontWeight) >= 700);
  }

  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode() !== null) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (text === '' || !element.checkVisibility()) continue;
    const contrast = contrastOf(element);
    if (contrast >= (isLarge(getComputedStyle(element)) ? 3 : 4.5)) continue;
    const place = ancestorsOf(element)
      .slice(-2)
      .map(({ tagName, className }) => `${tagName}.${className}`);
    faint.add(`${contrast.toFixed(1)} ${place.join(' ')}: ${text.slice(0, 40)}`);
  }
  return [...faint];
}

faintTexts();
