import { createApp } from 'vue';
import '@tailrace/viewer/element';
import DeploymentLog from './DeploymentLog.vue';

const src = new URLSearchParams(location.search).get('src');
createApp(DeploymentLog, { src }).mount('#app');
