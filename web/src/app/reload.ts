/** A page whose chunks an update took away is loaded anew, but never while a call is up. */

let busy: () => boolean = () => false;

/** Who knows whether a reload would hurt. */
export function hurtsWhen(question: () => boolean): void {
  busy = question;
}

export function reloadWhenStale(): void {
  window.addEventListener('vite:preloadError', (event) => {
    if (busy()) return;
    event.preventDefault();
    window.location.reload();
  });
}
