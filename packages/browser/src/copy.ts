const saidMs = 2_000;

/** Puts a button under every text that is there to be copied. */
export function offerCopies(): void {
  for (const text of document.querySelectorAll<HTMLElement>('[data-copy]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => void copy(text, button));
    text.after(button);
  }
}

async function copy(text: HTMLElement, button: HTMLButtonElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text.textContent.trim());
    button.textContent = 'Copied';
  } catch {
    // Not by https, or forbidden: selected, it is one key press away.
    getSelection()?.selectAllChildren(text);
    button.textContent = 'Selected: press Ctrl-C';
  }
  setTimeout(() => (button.textContent = 'Copy'), saidMs);
}
