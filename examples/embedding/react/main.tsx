import { createRoot } from 'react-dom/client';
import { DeploymentLog } from './DeploymentLog';

const src = new URLSearchParams(location.search).get('src') ?? '';
createRoot(document.getElementById('root') as HTMLElement).render(<DeploymentLog src={src} />);
