import 'element-plus/theme-chalk/base.css';
import 'element-plus/theme-chalk/el-message.css';
import 'element-plus/theme-chalk/el-message-box.css';
import './app/theme.css';

import { createPinia } from 'pinia';
import { createApp } from 'vue';

import App from './app/App.vue';
import { chosenLanguage, i18n, speak } from './app/i18n';
import { reloadWhenStale } from './app/reload';
import { router } from './app/router';
import { showTrouble } from './app/trouble';

await speak(chosenLanguage());
const app = createApp(App);
app.config.errorHandler = showTrouble;
window.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  showTrouble(event.reason);
});
reloadWhenStale();
app.use(createPinia()).use(i18n).use(router).mount('#app');
